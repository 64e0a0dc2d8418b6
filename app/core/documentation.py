"""The page of the API's documentation: Swagger UI from files alone, as the content policy wants it.

What is documented is `swagger`'s part.
"""

from flask import Flask, Response, render_template_string, url_for
from flask_restx import Api

from app.core.access import public

PAGE = """<!doctype html>
<html lang="es">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>{{ title }}</title>
  <link rel="stylesheet" href="{{ swagger_static('swagger-ui.css') }}">
  <link rel="stylesheet" href="{{ url_for('documentation_style') }}">
  <link rel="icon" href="{{ swagger_static('favicon-32x32.png') }}" sizes="32x32">
</head>
<body data-specs="{{ specs }}">
  <div id="swagger-ui"></div>
  <script src="{{ swagger_static('swagger-ui-bundle.js') }}"></script>
  <script src="{{ swagger_static('swagger-ui-standalone-preset.js') }}"></script>
  <script src="{{ url_for('documentation_script') }}"></script>
</body>
</html>
"""
STYLE = "html { box-sizing: border-box } *, *::before, *::after { box-sizing: inherit } body { margin: 0 }\n"
# Whoever logged in here has cookies, and what changes something then needs its CSRF proof.
SCRIPT = """window.addEventListener("load", () => {
  const cookie = name => document.cookie.split("; ").find(part => part.startsWith(name + "="))?.split("=")[1];
  window.ui = SwaggerUIBundle({
    url: document.body.dataset.specs,
    dom_id: "#swagger-ui",
    validatorUrl: null,
    docExpansion: "none",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset.slice(1)],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    requestInterceptor: request => {
      const name = request.url.endsWith("/auth/refresh") ? "csrf_refresh_token" : "csrf_access_token";
      const proof = cookie(name);
      if (proof) request.headers["X-CSRF-Token"] = proof;
      return request;
    },
  });
});
"""


def init_app(app: Flask, api: Api) -> None:
    """Gives the Api this page instead of its own, with the files it needs beside it."""

    @api.documentation  # type: ignore[untyped-decorator]
    def page() -> str:
        return render_template_string(PAGE, title=api.title, specs=url_for("api.specs"))

    @app.get("/swaggerui-start.js", endpoint="documentation_script")
    @public
    def script() -> Response:
        return Response(SCRIPT, mimetype="text/javascript")

    @app.get("/swaggerui-page.css", endpoint="documentation_style")
    @public
    def style() -> Response:
        return Response(STYLE, mimetype="text/css")
