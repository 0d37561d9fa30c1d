#include "tar-extract.h"

#include "tar-error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Modes while an entry is being made: nobody but root sees half of it. */
enum { UNFINISHED_FILE = 0600, UNFINISHED_DIRECTORY = 0700 };

static int fail(struct tar_extractor *extractor, const char *call)
{
	const char *name = extractor->reader->entry.name;
	return tar_fail(extractor->error, call, name, strlen(name));
}

static int reject(struct tar_extractor *extractor, const char *reason)
{
	const char *name = extractor->reader->entry.name;
	return tar_reject(extractor->error, name, strlen(name), "%s", reason);
}

/** The entry's own name; `*parent_length` gets the length of what stands before its slash. */
static const char *split(const char *path, size_t *parent_length)
{
	const char *slash = strrchr(path, '/');
	*parent_length = slash ? (size_t)(slash - path) : 0;
	return slash ? slash + 1 : path;
}

/** Removes what stands where the entry goes: a later entry replaces an earlier one, but no directory with
 * content. */
static int clear_way(struct tar_extractor *extractor, const char *base)
{
	int parent = tar_position_fd(&extractor->position);
	if (unlinkat(parent, base, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return fail(extractor, "unlinkat");
	if (unlinkat(parent, base, AT_REMOVEDIR) == 0) {
		tar_tree_removed(&extractor->tree, tar_position_directory(&extractor->position), base);
		return 0;
	}
	if (errno == ENOTEMPTY || errno == EEXIST)
		return reject(extractor, "it would replace a directory that is not empty");
	return fail(extractor, "unlinkat");
}

/** One attempt at making the entry; for a regular file the descriptor, else 0. -1 with errno. */
static int make_once(struct tar_extractor *extractor, const char *base)
{
	const struct tar_entry *entry = &extractor->reader->entry;
	int parent = tar_position_fd(&extractor->position);
	switch (entry->kind) {
	case TAR_REGULAR:
		return openat(parent, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		              UNFINISHED_FILE);
	case TAR_SYMLINK:
		return symlinkat(entry->link, parent, base);
	case TAR_NODE:
		return mknodat(parent, base, entry->mode, entry->device);
	case TAR_DIRECTORY:
		return mkdirat(parent, base, UNFINISHED_DIRECTORY);
	case TAR_HARD_LINK: {
		size_t target_parent;
		const char *target = split(entry->link, &target_parent);
		return linkat(tar_position_fd(&extractor->link_position), target, parent, base, 0);
	}
	case TAR_IGNORED:
		break;
	}
	return 0;
}

static const char *call_of(enum tar_kind kind)
{
	static const char *const calls[] = {
	        [TAR_REGULAR] = "openat",    [TAR_HARD_LINK] = "linkat", [TAR_SYMLINK] = "symlinkat",
	        [TAR_DIRECTORY] = "mkdirat", [TAR_NODE] = "mknodat",     [TAR_IGNORED] = "untar",
	};
	return calls[kind];
}

static int make(struct tar_extractor *extractor, const char *base)
{
	int made = make_once(extractor, base);
	if (made < 0 && errno == EEXIST) {
		if (clear_way(extractor, base) < 0)
			return -1;
		made = make_once(extractor, base);
	}
	return made < 0 ? fail(extractor, call_of(extractor->reader->entry.kind)) : made;
}

static struct tar_directory_attributes attributes_of(const struct tar_entry *entry)
{
	return (struct tar_directory_attributes){
	        .mode = entry->mode,
	        .uid = entry->uid,
	        .gid = entry->gid,
	        .mtime = entry->mtime,
	        .xattrs = (struct tar_xattr *)entry->xattrs,
	        .xattr_count = entry->xattr_count,
	};
}

static int extract_directory(struct tar_extractor *extractor, const char *base)
{
	const struct tar_entry *entry = &extractor->reader->entry;
	struct tar_directory_attributes attributes = attributes_of(entry);
	int parent = tar_position_fd(&extractor->position);
	if (make_once(extractor, base) < 0) {
		struct stat there;
		if (errno != EEXIST)
			return fail(extractor, "mkdirat");
		if (fstatat(parent, base, &there, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(extractor, "fstatat");
		if (!S_ISDIR(there.st_mode) && make(extractor, base) < 0)
			return -1;
	}
	uint32_t directory = tar_tree_find(&extractor->tree, tar_position_directory(&extractor->position),
	                                   base, strlen(base));
	return directory == 0 ? -1 : tar_tree_keep(&extractor->tree, directory, &attributes);
}

static int write_content(struct tar_extractor *extractor, int file)
{
	const struct tar_entry *entry = &extractor->reader->entry;
	struct tar_source *source = &extractor->reader->source;
	if (!entry->sparse)
		return tar_source_to_file(source, file, 0, entry->stored_bytes, entry->name);
	for (size_t i = 0; i < entry->map.count; i++) {
		const struct tar_segment *segment = &entry->map.segments[i];
		if (tar_source_to_file(source, file, segment->offset, segment->bytes, entry->name) < 0)
			return -1;
	}
	/* a hole at the end is no segment */
	return ftruncate(file, (off_t)entry->bytes) < 0 ? fail(extractor, "ftruncate") : 0;
}

static int extract_file(struct tar_extractor *extractor, const char *base)
{
	const struct tar_entry *entry = &extractor->reader->entry;
	struct tar_directory_attributes attributes = attributes_of(entry);
	int file = make(extractor, base);
	if (file < 0)
		return -1;
	int result = write_content(extractor, file);
	if (result == 0)
		result = tar_set_open(extractor, file, &attributes, entry->name);
	if (close(file) < 0 && result == 0)
		result = fail(extractor, "close");
	if (result == 0)
		result = tar_source_skip(&extractor->reader->source, tar_padding(entry->stored_bytes));
	return result;
}

/** Finds the target of a hard link. Returns 1 when `base` is that file already. */
static int find_target(struct tar_extractor *extractor, const char *base)
{
	const struct tar_entry *entry = &extractor->reader->entry;
	struct stat target;
	struct stat there;
	size_t parent_length;
	const char *name = split(entry->link, &parent_length);
	if (entry->link[0] == 0)
		return reject(extractor, "its link target is a directory");
	if (tar_position_seek(&extractor->link_position, entry->link, parent_length, NULL, entry->name) < 0)
		return -1;
	if (fstatat(tar_position_fd(&extractor->link_position), name, &target, AT_SYMLINK_NOFOLLOW) < 0) {
		char escaped[TAR_ESCAPED_BYTES];
		if (errno != ENOENT)
			return fail(extractor, "fstatat");
		return tar_reject(extractor->error, entry->name, strlen(entry->name),
		                  "its link target %s does not exist",
		                  tar_escape(escaped, entry->link, strlen(entry->link)));
	}
	if (S_ISDIR(target.st_mode))
		return reject(extractor, "its link target is a directory");
	return fstatat(tar_position_fd(&extractor->position), base, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       there.st_dev == target.st_dev && there.st_ino == target.st_ino;
}

static int extract_link(struct tar_extractor *extractor, const char *base)
{
	int same = find_target(extractor, base);
	if (same != 0)
		return same < 0 ? -1 : 0;
	return make(extractor, base);
}

static int extract_named(struct tar_extractor *extractor, const char *base)
{
	struct tar_reader *reader = extractor->reader;
	if (make(extractor, base) < 0 || tar_set_named(extractor, base) < 0)
		return -1;
	return tar_source_skip(&reader->source,
	                       reader->entry.stored_bytes + tar_padding(reader->entry.stored_bytes));
}

static int check_limits(struct tar_extractor *extractor)
{
	const struct tar_entry *entry = &extractor->reader->entry;
	struct tar_counts *counts = extractor->counts;
	if (counts->entries + extractor->implied_directories >= extractor->limits.max_entries)
		return tar_reject(extractor->error, entry->name, strlen(entry->name),
		                  "the archive has more than %llu entries",
		                  (unsigned long long)extractor->limits.max_entries);
	if (entry->stored_bytes > extractor->limits.max_bytes - counts->bytes)
		return tar_reject(extractor->error, entry->name, strlen(entry->name),
		                  "its %llu bytes exceed the limit of %llu for all content",
		                  (unsigned long long)entry->stored_bytes,
		                  (unsigned long long)extractor->limits.max_bytes);
	counts->entries++;
	counts->bytes += entry->stored_bytes;
	return 0;
}

static int extract_root(struct tar_extractor *extractor)
{
	const struct tar_entry *entry = &extractor->reader->entry;
	struct tar_directory_attributes attributes = attributes_of(entry);
	if (entry->kind != TAR_DIRECTORY)
		return tar_reject(extractor->error, "./", 2, "it would replace the target directory itself");
	return tar_tree_keep(&extractor->tree, 0, &attributes);
}

int tar_extract(struct tar_extractor *extractor)
{
	struct tar_reader *reader = extractor->reader;
	struct tar_entry *entry = &reader->entry;
	size_t parent_length;
	const char *base = split(entry->name, &parent_length);
	uint64_t stored = entry->stored_bytes + tar_padding(entry->stored_bytes);
	if (check_limits(extractor) < 0)
		return -1;
	if (entry->kind == TAR_IGNORED)
		return tar_source_skip(&reader->source, stored);
	if (entry->name[0] == 0)
		return extract_root(extractor) < 0 ? -1 : tar_source_skip(&reader->source, stored);
	if (tar_position_seek(&extractor->position, entry->name, parent_length,
	                      &extractor->implied_directories, entry->name) < 0)
		return -1;
	switch (entry->kind) {
	case TAR_REGULAR:
		return extract_file(extractor, base);
	case TAR_DIRECTORY:
		return extract_directory(extractor, base) < 0 ? -1 : tar_source_skip(&reader->source, stored);
	case TAR_HARD_LINK:
		return extract_link(extractor, base);
	default:
		return extract_named(extractor, base);
	}
}
