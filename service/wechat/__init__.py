"""WeChat: the client of its server API, message push, subscriptions, content check, mini-program codes, and a server like it."""
