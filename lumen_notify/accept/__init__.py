"""Accept: turns requests into commands, and answers them.

A folder for each noun: its endpoints, each with its routes and their descriptions, and the models of its
bodies and responses. To add a route, write an endpoint with its models, and list it in `routes` of its class.
`api/endpoints` creates the objects of these classes.

Not here: the streams (`deliver`), what all endpoints share (`http`).
"""
