/* The module "runv:sys": how its families of functions come together. */
#ifndef RUNV_MODULE_H
#define RUNV_MODULE_H

#include "quickjs.h"

/* One C file's share of the module. A program links only the families it lists (build/programs.mjs). */
struct runv_family {
	const JSCFunctionListEntry *exports;
	int export_count;
	/* Registers classes and the like before any function can be called; NULL when there is nothing. -1 with an exception set. */
	int (*start)(JSContext *ctx);
};

#define RUNV_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* The program's families, NULL at the end; written by the build. */
extern const struct runv_family *const runv_families[];

/* Makes "runv:sys" importable. -1 with an exception set. */
int runv_module_register(JSContext *ctx);

#endif
