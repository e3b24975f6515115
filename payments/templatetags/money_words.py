"""Money and payments as the admin's pages write them."""

from django import template

from payments.admin.reading import money, payment_link

register = template.Library()
register.filter("money", money)
register.filter("payment_link", payment_link)
