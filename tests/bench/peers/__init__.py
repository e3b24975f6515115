"""What Housefull is compared with: the code that tutorials teach, on the server they teach it with."""
