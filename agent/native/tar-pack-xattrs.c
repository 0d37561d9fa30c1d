#include "tar-error.h"
#include "tar-pack.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/** Of the kernel: longest list, longest name, longest value of extended attributes. */
enum { LIST_BYTES = 65536, NAME_BYTES = 255, VALUE_BYTES = 65536 };

static ssize_t list(const struct pack_item *item, char *names)
{
	if (item->fd >= 0)
		return flistxattr(item->fd, names, LIST_BYTES);
	return llistxattr(item->base, names, LIST_BYTES);
}

static ssize_t get(const struct pack_item *item, const char *name, char *value)
{
	if (item->fd >= 0)
		return fgetxattr(item->fd, name, value, VALUE_BYTES);
	return lgetxattr(item->base, name, value, VALUE_BYTES);
}

/** The keyword may hold no '=': GNU tar's way is %3D, and %25 for the percent sign. */
static void make_keyword(char *keyword, const char *name)
{
	strcpy(keyword, TAR_XATTR_PREFIX);
	keyword += strlen(keyword);
	for (; *name; name++) {
		if (*name == '=' || *name == '%')
			keyword += sprintf(keyword, "%%%02X", (unsigned char)*name);
		else
			*keyword++ = *name;
	}
	*keyword = 0;
}

static int add(struct packer *packer, const struct pack_item *item, const char *name, char *value)
{
	char keyword[sizeof TAR_XATTR_PREFIX + 3 * NAME_BYTES];
	ssize_t length = get(item, name, value);
	if (length < 0) {
		/* removed since it was listed */
		if (errno == ENODATA)
			return 0;
		return pack_fail(packer, "getxattr");
	}
	make_keyword(keyword, name);
	return pack_record(packer, keyword, value, (size_t)length);
}

int pack_xattrs(struct packer *packer, const struct pack_item *item)
{
	if (pack_reserve(packer, &packer->scratch, LIST_BYTES + VALUE_BYTES) < 0)
		return -1;
	/* neither takes a parent's descriptor: the working directory stands in */
	if (item->fd < 0 && fchdir(item->parent) < 0)
		return pack_fail(packer, "fchdir");
	char *names = packer->scratch.data;
	ssize_t length = list(item, names);
	if (length < 0) {
		if (errno == EOPNOTSUPP)
			return 0;
		return pack_fail(packer, "listxattr");
	}
	for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1)
		if (add(packer, item, names + at, names + LIST_BYTES) < 0)
			return -1;
	return 0;
}
