"""Static files under names that carry their content, also where one module imports another.

Only used where DEBUG is off: a browser may then keep every file for ever, and no page ever mixes two releases.
"""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no stubs
    """Whitenoise's storage, which also rewrites the paths in `import … from "./x.js"`."""

    support_js_module_import_aggregation = True
