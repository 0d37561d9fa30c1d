#include "tar-error.h"
#include "tar-extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { PERMISSION_BITS = 07777 };

static int fail(struct tar_extractor *extractor, const char *call, const char *name)
{
	return tar_fail(extractor->error, call, name, strlen(name));
}

/** After setting one attribute failed: counted when the file system has no such thing, else an error naming
 * both. */
static int xattr_failed(struct tar_extractor *extractor, const struct tar_xattr *xattr, const char *name)
{
	char escaped[TAR_ESCAPED_BYTES];
	char call[sizeof "setxattr " + TAR_ESCAPED_BYTES];
	if (errno == EOPNOTSUPP) {
		extractor->counts->unsupported_xattrs++;
		return 0;
	}
	int number = errno;
	snprintf(call, sizeof call, "setxattr %s", tar_escape(escaped, xattr->name, strlen(xattr->name)));
	errno = number;
	fail(extractor, call, name);
	extractor->error->call = "setxattr";
	return -1;
}

/** Sets what differs: most files are root's and made with their mode, and a change costs the kernel more than a look. */
static int set_owner_and_mode(struct tar_extractor *extractor, int fd,
                              const struct tar_directory_attributes *attributes, const char *name)
{
	struct stat now;
	if (fstat(fd, &now) < 0)
		return fail(extractor, "fstat", name);
	mode_t mode = attributes->mode & PERMISSION_BITS;
	bool owned = now.st_uid == attributes->uid && now.st_gid == attributes->gid;
	if (!owned && fchown(fd, attributes->uid, attributes->gid) < 0)
		return fail(extractor, "fchown", name);
	/* chown clears set-id bits */
	if ((!owned || (now.st_mode & PERMISSION_BITS) != mode) && fchmod(fd, mode) < 0)
		return fail(extractor, "fchmod", name);
	return 0;
}

int tar_set_open(struct tar_extractor *extractor, int fd, const struct tar_directory_attributes *attributes,
                 const char *name)
{
	struct timespec times[2] = {attributes->mtime, attributes->mtime};
	/* both chown and writing clear security.capability: so this order */
	if (set_owner_and_mode(extractor, fd, attributes, name) < 0)
		return -1;
	for (size_t i = 0; i < attributes->xattr_count; i++) {
		const struct tar_xattr *xattr = &attributes->xattrs[i];
		if (fsetxattr(fd, xattr->name, xattr->value, xattr->length, 0) < 0 &&
		    xattr_failed(extractor, xattr, name) < 0)
			return -1;
	}
	return futimens(fd, times) < 0 ? fail(extractor, "futimens", name) : 0;
}

/** There is no setxattr relative to a descriptor (before Linux 6.13): the working directory stands in. */
static int enter_working_directory(struct tar_extractor *extractor)
{
	int64_t wanted = tar_position_directory(&extractor->position);
	if (extractor->working_directory == wanted &&
	    extractor->working_generation == extractor->tree.generation)
		return 0;
	if (fchdir(tar_position_fd(&extractor->position)) < 0)
		return -1;
	extractor->working_directory = wanted;
	extractor->working_generation = extractor->tree.generation;
	return 0;
}

int tar_set_named(struct tar_extractor *extractor, const char *base)
{
	const struct tar_entry *entry = &extractor->reader->entry;
	struct timespec times[2] = {entry->mtime, entry->mtime};
	int parent = tar_position_fd(&extractor->position);
	if (fchownat(parent, base, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(extractor, "fchownat", entry->name);
	/* follows links, but what `base` names has just been made and is none */
	if (entry->kind == TAR_NODE && fchmodat(parent, base, entry->mode & PERMISSION_BITS, 0) < 0)
		return fail(extractor, "fchmodat", entry->name);
	if (entry->xattr_count > 0 && enter_working_directory(extractor) < 0)
		return fail(extractor, "fchdir", entry->name);
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct tar_xattr *xattr = &entry->xattrs[i];
		if (lsetxattr(base, xattr->name, xattr->value, xattr->length, 0) < 0 &&
		    xattr_failed(extractor, xattr, entry->name) < 0)
			return -1;
	}
	if (utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(extractor, "utimensat", entry->name);
	return 0;
}

int tar_finish_directories(struct tar_extractor *extractor)
{
	struct tar_position position;
	int result = tar_position_open(&position, &extractor->tree);
	/* backwards: children are known after their parents, whose modes may shut the way */
	for (uint32_t i = extractor->tree.count; result == 0 && i-- > 0;) {
		const struct tar_directory *directory = &extractor->tree.directories[i];
		if (!directory->attributes)
			continue;
		const char *name = i == 0 ? "./" : directory->name;
		result = tar_position_visit(&position, i);
		if (result == 0)
			result = tar_set_open(extractor, tar_position_fd(&position), directory->attributes,
			                      name);
	}
	tar_position_close(&position);
	return result;
}
