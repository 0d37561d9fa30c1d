#include "remove-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

/* How often directories may be found filled again before giving up on whoever keeps filling them. */
enum { MAX_REFILLS = 64 };

/* A directory above the current one, to get back to it by ".." and to know that it is still the same. */
struct level {
	struct level *above;
	dev_t device;
	ino_t inode;
	char name[]; /* of the directory below, which is emptied now */
};

enum outcome { GONE, IS_FILLED, FAILED };

/* rmdir(2) refuses a mount point with EBUSY before it looks whether it is empty, so mounts are never entered. */
static enum outcome try_remove(int directory, const char *name)
{
	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		return GONE;
	if (errno != EISDIR && errno != EPERM)
		return FAILED;
	int file_failure = errno;
	if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return GONE;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return IS_FILLED;
	if (errno == ENOTDIR)
		errno = file_failure; /* a file that may not be unlinked */
	return FAILED;
}

static int open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

struct walk {
	int directory;
	struct level *levels;
	int refills;
};

/* Goes into `name` and notes the way back. */
static int descend(struct walk *walk, const char *name)
{
	struct stat here;
	int below = open_directory(walk->directory, name);
	if (below < 0)
		return -1;
	struct level *level = malloc(sizeof *level + strlen(name) + 1);
	if (!level || fstat(walk->directory, &here) < 0) {
		free(level);
		runv_close_keep_errno(below);
		return -1;
	}
	level->above = walk->levels;
	level->device = here.st_dev;
	level->inode = here.st_ino;
	memcpy(level->name, name, strlen(name) + 1);
	walk->levels = level;
	close(walk->directory);
	walk->directory = below;
	return 0;
}

/* Goes back up; the directory must be the one that was left. */
static int ascend(struct walk *walk)
{
	struct stat there;
	int above = open_directory(walk->directory, "..");
	if (above < 0)
		return -1;
	close(walk->directory);
	walk->directory = above;
	if (fstat(above, &there) < 0)
		return -1;
	if (there.st_dev == walk->levels->device && there.st_ino == walk->levels->inode)
		return 0;
	errno = ESTALE;
	return -1;
}

static void drop_level(struct walk *walk)
{
	struct level *level = walk->levels;
	walk->levels = level->above;
	free(level);
}

/* Removes what can be removed at once. 1: `filled` is a directory with something in it; 0: empty now; -1: errno. */
static int empty_directory(int directory, char filled[static NAME_MAX + 1])
{
	int scan = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = scan < 0 ? NULL : fdopendir(scan);
	if (!entries) {
		if (scan >= 0)
			runv_close_keep_errno(scan);
		return -1;
	}
	int result = 0;
	const struct dirent *entry;
	while (result == 0 && (errno = 0, entry = readdir(entries)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		enum outcome outcome = try_remove(directory, entry->d_name);
		if (outcome == FAILED)
			result = -1;
		if (outcome == IS_FILLED) {
			snprintf(filled, NAME_MAX + 1, "%s", entry->d_name);
			result = 1;
		}
	}
	if (result == 0 && errno != 0)
		result = -1;
	int kept = errno;
	closedir(entries);
	errno = kept;
	return result;
}

/* One step: down into what is filled, or up out of what is empty. 1 done, 0 go on, -1 errno. */
static int step(struct walk *walk)
{
	char filled[NAME_MAX + 1];
	int found = empty_directory(walk->directory, filled);
	if (found < 0)
		return -1;
	if (found > 0)
		return descend(walk, filled);
	if (!walk->levels)
		return 1;
	if (ascend(walk) < 0)
		return -1;
	enum outcome outcome = try_remove(walk->directory, walk->levels->name);
	drop_level(walk);
	if (outcome == IS_FILLED && ++walk->refills > MAX_REFILLS) {
		errno = ENOTEMPTY;
		return -1;
	}
	return outcome == FAILED ? -1 : 0; /* what was filled again meanwhile is found again */
}

static int empty_tree(int directory)
{
	struct walk walk = {directory, NULL, 0};
	int status;
	do
		status = step(&walk);
	while (status == 0);
	int kept = errno;
	while (walk.levels)
		drop_level(&walk);
	close(walk.directory);
	errno = kept;
	return status < 0 ? -1 : 0;
}

int runv_remove_tree(const char *path)
{
	enum outcome outcome = try_remove(AT_FDCWD, path);
	for (int pass = 0; outcome == IS_FILLED && pass < MAX_REFILLS; pass++) {
		int directory = open_directory(AT_FDCWD, path);
		if (directory < 0 || empty_tree(directory) < 0)
			return -1;
		outcome = try_remove(AT_FDCWD, path);
	}
	return outcome == GONE ? 0 : -1;
}
