#include "remove-directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

static int remove_at(int parent, const char *name, int levels);

/* Names go from readdir(3) to rmdir(2) as they are: whoever made them may have chosen bytes that are no text. */
static int remove_children(int directory, int levels)
{
	int failure = 0;
	DIR *listing = fdopendir(directory);
	if (!listing) {
		runv_close_keep_errno(directory);
		return -1;
	}
	for (const struct dirent *entry = readdir(listing); entry; entry = readdir(listing)) {
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (remove_at(dirfd(listing), entry->d_name, levels) < 0)
			failure = errno;
	}
	closedir(listing);
	errno = failure;
	return failure ? -1 : 0;
}

static int remove_at(int parent, const char *name, int levels)
{
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (levels == 0 || (errno != EBUSY && errno != ENOTEMPTY))
		return -1;
	int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? 0 : -1;
	if (remove_children(directory, levels - 1) < 0)
		return -1;
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

int runv_remove_directories(const char *path, int levels)
{
	return remove_at(AT_FDCWD, path, levels);
}
