#include "stat.h"

#include <sys/sysmacros.h>

#include "objects.h"

JSValue runv_stat_object(JSContext *ctx, const struct stat *status)
{
	const struct runv_number numbers[] = {
	        {"mode", (double)status->st_mode},
	        {"uid", (double)status->st_uid},
	        {"gid", (double)status->st_gid},
	        {"sizeBytes", (double)status->st_size},
	        {"links", (double)status->st_nlink},
	        {"device", (double)status->st_dev},
	        {"inode", (double)status->st_ino},
	        {"rdevMajor", (double)major(status->st_rdev)},
	        {"rdevMinor", (double)minor(status->st_rdev)},
	};
	return runv_number_object(ctx, numbers, sizeof numbers / sizeof numbers[0]);
}
