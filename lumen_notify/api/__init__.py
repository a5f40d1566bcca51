"""The HTTP application: routes, pages and the OpenAPI document."""
