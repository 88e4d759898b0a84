"""`make load`: the whole service on loopback, visited by made-up people. The service itself never imports it."""
