"""Letters: what buyers are told by mail, from the event that calls for one to the server that takes it.

post.py writes down what is to be sent, writing.py says it, transport.py hands it over, carrier.py does both when it
is due, reminders.py finds who comes today.
"""
