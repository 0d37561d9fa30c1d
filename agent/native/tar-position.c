#include "tar-error.h"
#include "tar-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_LEVELS = 64, IMPLIED_MODE = 0755 };

static int open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int tar_position_open(struct tar_position *position, struct tar_tree *tree)
{
	*position = (struct tar_position){.tree = tree, .room = FIRST_LEVELS, .deep = -1};
	position->path = calloc(position->room, sizeof *position->path);
	position->generation = tree->generation;
	position->fds[0] = tree->root;
	return position->path ? 0 : tar_fail(tree->error, "calloc", "directories", 11);
}

/** Gives up the levels below `depth`; when that is a deep one its descriptor is gone too (-1). */
static void ascend(struct tar_position *position, uint32_t depth)
{
	if (depth == position->depth)
		return;
	if (position->deep >= 0)
		close(position->deep);
	position->deep = -1;
	uint32_t last = position->depth < TAR_OPEN_DIRECTORIES ? position->depth : TAR_OPEN_DIRECTORIES - 1;
	for (uint32_t level = last; level > depth; level--)
		close(position->fds[level]);
	position->depth = depth;
}

void tar_position_close(struct tar_position *position)
{
	if (!position->path)
		return;
	ascend(position, 0);
	free(position->path);
	position->path = NULL;
}

int tar_position_fd(const struct tar_position *position)
{
	return position->depth < TAR_OPEN_DIRECTORIES ? position->fds[position->depth] : position->deep;
}

uint32_t tar_position_directory(const struct tar_position *position)
{
	return position->path[position->depth];
}

static int make_room(struct tar_position *position)
{
	if (position->depth + 1 < position->room)
		return 0;
	uint32_t *grown = realloc(position->path, (size_t)position->room * 2 * sizeof *grown);
	if (!grown)
		return tar_fail(position->tree->error, "realloc", "directories", 11);
	position->path = grown;
	position->room *= 2;
	return 0;
}

/** One level down: takes `fd`. */
static int descend(struct tar_position *position, uint32_t directory, int fd)
{
	if (make_room(position) < 0) {
		close(fd);
		return -1;
	}
	if (position->depth + 1 < TAR_OPEN_DIRECTORIES) {
		position->fds[position->depth + 1] = fd;
	} else {
		if (position->deep >= 0)
			close(position->deep);
		position->deep = fd;
	}
	position->path[++position->depth] = directory;
	return 0;
}

/** Opens the deep level that `ascend` left without descriptor, from the last level that has one. */
static int reopen_deep(struct tar_position *position)
{
	if (position->depth < TAR_OPEN_DIRECTORIES || position->deep >= 0)
		return 0;
	int fd = -1;
	for (uint32_t level = TAR_OPEN_DIRECTORIES; level <= position->depth; level++) {
		int parent = fd >= 0 ? fd : position->fds[TAR_OPEN_DIRECTORIES - 1];
		int next = open_directory(parent, position->tree->directories[position->path[level]].name);
		int number = errno;
		if (fd >= 0)
			close(fd);
		errno = number;
		fd = next;
		if (fd < 0) {
			ascend(position, TAR_OPEN_DIRECTORIES - 1);
			return -1;
		}
	}
	position->deep = fd;
	return 0;
}

static int refuse_parent(struct tar_position *position, const char *entry, const char *path, size_t length)
{
	struct tar_error *error = position->tree->error;
	char escaped[TAR_ESCAPED_BYTES];
	if (errno == ELOOP || errno == ENOTDIR)
		return tar_reject(error, entry, strlen(entry), "%s on the way to it is not a directory",
		                  tar_escape(escaped, path, length));
	if (errno == ENOENT)
		return tar_reject(error, entry, strlen(entry),
		                  "%s on the way to its link target does not exist",
		                  tar_escape(escaped, path, length));
	return tar_fail(error, "openat", path, length);
}

/** Opens or makes the component `path[at, end)` and moves there. */
static int enter(struct tar_position *position, const char *path, size_t at, size_t end, uint64_t *created,
                 const char *entry)
{
	struct tar_tree *tree = position->tree;
	char name[NAME_MAX + 1];
	memcpy(name, path + at, end - at);
	name[end - at] = 0;
	int parent = tar_position_fd(position);
	int fd = open_directory(parent, name);
	if (fd < 0 && errno == ENOENT && created) {
		if (mkdirat(parent, name, IMPLIED_MODE) < 0)
			return tar_fail(tree->error, "mkdirat", path, end);
		++*created;
		fd = open_directory(parent, name);
	}
	if (fd < 0)
		return refuse_parent(position, entry, path, end);
	uint32_t directory = tar_tree_find(tree, tar_position_directory(position), name, end - at);
	if (directory == 0) {
		close(fd);
		return -1;
	}
	return descend(position, directory, fd);
}

static size_t component_end(const char *path, size_t at, size_t length)
{
	const char *slash = memchr(path + at, '/', length - at);
	return slash ? (size_t)(slash - path) : length;
}

/** How much of `path` the position already has; `*level` is where they part. */
static size_t common(const struct tar_position *position, const char *path, size_t length, uint32_t *level)
{
	size_t at = 0;
	for (*level = 0; at < length && *level < position->depth; ++*level) {
		size_t end = component_end(path, at, length);
		const char *name = position->tree->directories[position->path[*level + 1]].name;
		if (strncmp(name, path + at, end - at) != 0 || name[end - at] != 0)
			break;
		at = end + 1;
	}
	return at;
}

int tar_position_seek(struct tar_position *position, const char *path, size_t length, uint64_t *created,
                      const char *entry)
{
	uint32_t level;
	if (position->generation != position->tree->generation) {
		ascend(position, 0);
		position->generation = position->tree->generation;
	}
	size_t at = common(position, path, length, &level);
	ascend(position, level);
	if (reopen_deep(position) < 0)
		return refuse_parent(position, entry, path, length);
	while (at < length) {
		size_t end = component_end(path, at, length);
		if (enter(position, path, at, end, created, entry) < 0)
			return -1;
		at = end + 1;
	}
	return 0;
}

int tar_position_visit(struct tar_position *position, uint32_t directory)
{
	struct tar_tree *tree = position->tree;
	uint32_t depth = tree->directories[directory].depth;
	uint32_t *chain = calloc((size_t)depth + 1, sizeof *chain);
	if (!chain)
		return tar_fail(tree->error, "calloc", "directories", 11);
	for (uint32_t level = depth, at = directory; level > 0; level--, at = tree->directories[at].parent)
		chain[level] = at;
	uint32_t level = 0;
	while (level < depth && level < position->depth && position->path[level + 1] == chain[level + 1])
		level++;
	ascend(position, level);
	int result = reopen_deep(position);
	while (result == 0 && position->depth < depth) {
		uint32_t next = chain[position->depth + 1];
		int fd = open_directory(tar_position_fd(position), tree->directories[next].name);
		result = fd < 0 ? -1 : descend(position, next, fd);
	}
	free(chain);
	if (result == 0)
		return 0;
	const char *name = tree->directories[directory].name;
	return tar_fail(tree->error, "openat", name, strlen(name));
}
