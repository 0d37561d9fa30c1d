#include "tar-error.h"
#include "tar-pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/** linux_dirent64 of getdents64(2). */
struct kernel_dirent {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

/** A directory on the way to the current entry. */
struct level {
	/** -1 when given up for the sake of deeper ones; it is opened again on the way back. */
	int fd;
	dev_t device;
	ino_t inode;
	/** Names in it, each with its NUL, and how far they are done. */
	struct pack_buffer names;
	size_t at;
	/** Length of `packer->name` for this directory; 0 for the root. */
	size_t name_length;
};

struct walk {
	struct packer *packer;
	struct level *levels;
	size_t depth;
	size_t room;
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

/** All at once: an open directory that changes meanwhile may give a name twice or miss one. */
static int read_names(struct packer *packer, int fd, struct pack_buffer *names)
{
	_Alignas(struct kernel_dirent) char buffer[32768];
	for (;;) {
		long got = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
		if (got < 0)
			return pack_fail(packer, "getdents64");
		if (got == 0)
			return 0;
		for (long at = 0; at < got;) {
			const struct kernel_dirent *entry =
			        (const struct kernel_dirent *)(void *)(buffer + at);
			size_t bytes = strlen(entry->name) + 1;
			at += entry->length;
			if (is_dots(entry->name))
				continue;
			if (pack_reserve(packer, names, bytes) < 0)
				return -1;
			memcpy(names->data + names->used, entry->name, bytes);
			names->used += bytes;
		}
	}
}

static int make_room(struct walk *walk)
{
	if (walk->depth < walk->room)
		return 0;
	size_t room = walk->room ? walk->room * 2 : TAR_OPEN_DIRECTORIES;
	struct level *grown = realloc(walk->levels, room * sizeof *grown);
	if (!grown)
		return pack_fail(walk->packer, "realloc");
	walk->levels = grown;
	walk->room = room;
	return 0;
}

/** Goes down into the directory just packed; takes its descriptor. */
static int push(struct walk *walk, const struct pack_item *item, size_t name_length)
{
	if (make_room(walk) < 0) {
		close(item->fd);
		return -1;
	}
	walk->levels[walk->depth] = (struct level){
	        .fd = item->fd,
	        .device = item->status.st_dev,
	        .inode = item->status.st_ino,
	        .name_length = name_length,
	};
	walk->depth++;
	struct level *level = &walk->levels[walk->depth - 1];
	if (read_names(walk->packer, level->fd, &level->names) < 0)
		return -1;
	/* the parent's descriptor is given up beyond the first levels */
	if (walk->depth > TAR_OPEN_DIRECTORIES) {
		struct level *parent = level - 1;
		if (walk->depth - 1 > TAR_OPEN_DIRECTORIES && parent->fd >= 0) {
			close(parent->fd);
			parent->fd = -1;
		}
	}
	return 0;
}

static void pop(struct walk *walk)
{
	struct level *level = &walk->levels[--walk->depth];
	if (level->fd >= 0)
		close(level->fd);
	free(level->names.data);
}

/** Opens the directory `name[0, length)` again, one component after the other from the level `from`. */
static int reopen(struct walk *walk, size_t from, const struct level *wanted)
{
	struct packer *packer = walk->packer;
	char name[TAR_NAME_LIMIT + 1];
	memcpy(name, packer->name, wanted->name_length);
	name[wanted->name_length] = 0;
	int fd = dup(walk->levels[from].fd);
	char *rest = name + walk->levels[from].name_length;
	while (fd >= 0 && *rest) {
		char *slash = strchr(rest, '/');
		*slash = 0;
		int next = openat(fd, rest, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int number = errno;
		close(fd);
		errno = number;
		fd = next;
		rest = slash + 1;
	}
	struct stat status;
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && status.st_dev == wanted->device && status.st_ino == wanted->inode)
		return fd;
	close(fd);
	errno = ESTALE;
	return -1;
}

static int ensure_open(struct walk *walk)
{
	struct level *level = &walk->levels[walk->depth - 1];
	if (level->fd >= 0)
		return 0;
	size_t from = walk->depth - 1;
	while (walk->levels[from].fd < 0)
		from--;
	level->fd = reopen(walk, from, level);
	return level->fd < 0 ? pack_fail(walk->packer, "openat") : 0;
}

/** O_NOATIME is for the owner and root alone. */
static int open_quietly(int parent, const char *base, int flags)
{
	flags |= O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	int fd = openat(parent, base, flags | O_NOATIME);
	return fd < 0 && errno == EPERM ? openat(parent, base, flags) : fd;
}

/** Looks at a name and opens what can be opened. Returns 1 when it is gone. */
static int look(struct packer *packer, struct pack_item *item)
{
	if (fstatat(item->parent, item->base, &item->status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 1 : pack_fail(packer, "fstatat");
	mode_t type = item->status.st_mode & S_IFMT;
	if (type != S_IFREG && type != S_IFDIR)
		return 0;
	item->fd = open_quietly(item->parent, item->base, type == S_IFDIR ? O_DIRECTORY : 0);
	if (item->fd < 0) {
		/* gone, or something else by now */
		bool changed = errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == ENXIO;
		return changed ? 1 : pack_fail(packer, "openat");
	}
	if (fstat(item->fd, &item->status) < 0)
		return pack_fail(packer, "fstat");
	return (item->status.st_mode & S_IFMT) == type ? 0 : 1;
}

static int append_name(struct packer *packer, size_t parent_length, const char *base)
{
	size_t length = strlen(base);
	packer->name_length = parent_length;
	/* a directory's slash too */
	if (parent_length + length + 1 > TAR_NAME_LIMIT) {
		errno = ENAMETOOLONG;
		return pack_fail(packer, base);
	}
	memcpy(packer->name + parent_length, base, length + 1);
	packer->name_length += length;
	return 0;
}

static void append_slash(struct packer *packer)
{
	packer->name[packer->name_length++] = '/';
	packer->name[packer->name_length] = 0;
}

/** Packs one name of the current level; goes down when it is a directory. */
static int visit(struct walk *walk, const char *base)
{
	struct packer *packer = walk->packer;
	const struct level *level = &walk->levels[walk->depth - 1];
	struct pack_item item = {.fd = -1, .parent = level->fd, .base = base};
	if (append_name(packer, level->name_length, base) < 0)
		return -1;
	int result = look(packer, &item);
	if (result > 0)
		packer->counts->vanished_entries++;
	bool directory = result == 0 && S_ISDIR(item.status.st_mode);
	if (directory)
		append_slash(packer);
	if (result == 0)
		result = pack_entry(packer, &item);
	bool enter = directory && !(packer->one_file_system && item.status.st_dev != packer->device);
	if (result == 0 && enter)
		return push(walk, &item, packer->name_length);
	if (item.fd >= 0)
		close(item.fd);
	return result < 0 ? -1 : 0;
}

static int walk_all(struct walk *walk)
{
	while (walk->depth > 0) {
		struct level *level = &walk->levels[walk->depth - 1];
		if (level->at == level->names.used) {
			pop(walk);
			continue;
		}
		if (ensure_open(walk) < 0)
			return -1;
		const char *base = level->names.data + level->at;
		level->at += strlen(base) + 1;
		if (visit(walk, base) < 0)
			return -1;
	}
	return 0;
}

int pack_walk(struct packer *packer, int root)
{
	struct walk walk = {.packer = packer};
	struct pack_item item = {.fd = root};
	strcpy(packer->name, "./");
	packer->name_length = 2;
	int result = fstat(root, &item.status) < 0 ? pack_fail(packer, "fstat") : pack_entry(packer, &item);
	packer->device = item.status.st_dev;
	if (result == 0)
		result = push(&walk, &item, 0);
	else
		close(root);
	if (result == 0)
		result = walk_all(&walk);
	while (walk.depth > 0)
		pop(&walk);
	free(walk.levels);
	return result;
}
