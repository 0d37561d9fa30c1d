#include "module.h"

static int fill_exports(JSContext *ctx, JSModuleDef *module)
{
	for (const struct runv_family *const *family = runv_families; *family; family++) {
		if ((*family)->start && (*family)->start(ctx) < 0)
			return -1;
		if (JS_SetModuleExportList(ctx, module, (*family)->exports, (*family)->export_count) < 0)
			return -1;
	}
	return 0;
}

int runv_module_register(JSContext *ctx)
{
	JSModuleDef *module = JS_NewCModule(ctx, "runv:sys", fill_exports);
	if (!module)
		return -1;
	for (const struct runv_family *const *family = runv_families; *family; family++) {
		if (JS_AddModuleExportList(ctx, module, (*family)->exports, (*family)->export_count) < 0)
			return -1;
	}
	return 0;
}
