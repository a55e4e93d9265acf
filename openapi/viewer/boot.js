// Shows the document that the page's script element names.
{
  const { document: url, readOnly } = document.currentScript.dataset;
  SwaggerUIBundle({
    url,
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout", // the standalone layout has a field for other hosts' documents
    deepLinking: true,
    validatorUrl: null, // asks no other host
    persistAuthorization: false,
    ...(readOnly === undefined ? {} : { supportedSubmitMethods: [] }),
  });
}
