#include "tar-entry.h"

#include "tar-error.h"
#include "tar-number.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
	PERMISSION_BITS = 07777,
	/** Linux keeps device numbers in 12 and 20 bits. */
	MAJOR_LIMIT = 1 << 12,
	MINOR_LIMIT = 1 << 20,
	/** star's variant of ustar has a shorter prefix, and its own magic at the very end. */
	STAR_PREFIX_BYTES = 131,
	STAR_MAGIC_OFFSET = 508,
};

static int reject(struct tar_reader *reader, const char *reason)
{
	const char *name = reader->entry.name;
	return tar_reject(reader->error, name, strlen(name), "%s", reason);
}

static size_t prefix_length(const struct tar_header *header)
{
	/* GNU's magic is "ustar  ": it keeps times and sparse maps where ustar has the prefix */
	if (memcmp(header->magic, "ustar", 6) != 0)
		return 0;
	bool star = memcmp((const char *)header + STAR_MAGIC_OFFSET, "tar", 4) == 0;
	return strnlen(header->prefix, star ? STAR_PREFIX_BYTES : sizeof header->prefix);
}

/** Returns the raw name's last byte at `*last`: a slash marks directories in the oldest archives. */
static int set_name(struct tar_reader *reader, const struct tar_header *header, char *last)
{
	const struct tar_pax *pax = &reader->local;
	char joined[sizeof header->prefix + 1 + sizeof header->name];
	struct tar_bytes raw = pax->sparse_name.data ? pax->sparse_name : pax->path;
	if (!raw.data) {
		size_t length = prefix_length(header);
		memcpy(joined, header->prefix, length);
		if (length > 0)
			joined[length++] = '/';
		size_t rest = strnlen(header->name, sizeof header->name);
		memcpy(joined + length, header->name, rest);
		raw = (struct tar_bytes){joined, length + rest};
	}
	reader->entry.name[0] = 0;
	if (tar_clean_name(reader->entry.name, raw.data, raw.length, "name", reader->error) < 0)
		return -1;
	*last = raw.data[raw.length - 1];
	return 0;
}

static int set_link(struct tar_reader *reader, const struct tar_header *header)
{
	struct tar_entry *entry = &reader->entry;
	struct tar_bytes raw = reader->local.linkpath;
	if (!raw.data)
		raw = (struct tar_bytes){header->linkname,
		                         strnlen(header->linkname, sizeof header->linkname)};
	if (entry->kind == TAR_HARD_LINK)
		return tar_clean_name(entry->link, raw.data, raw.length, "link target", reader->error);
	if (raw.length == 0 || raw.length > TAR_NAME_LIMIT || memchr(raw.data, 0, raw.length))
		return reject(reader, "its link target is empty, too long or holds a NUL byte");
	memcpy(entry->link, raw.data, raw.length);
	entry->link[raw.length] = 0;
	return 0;
}

static int set_kind(struct tar_reader *reader, char type, char last)
{
	struct tar_entry *entry = &reader->entry;
	switch (type) {
	case 0:
	case '0':
	case '7':
		entry->kind = last == '/' ? TAR_DIRECTORY : TAR_REGULAR;
		if (reader->local.socket) {
			entry->kind = TAR_NODE;
			entry->mode |= S_IFSOCK;
		}
		return 0;
	case 'S':
		entry->kind = TAR_REGULAR;
		return 0;
	case '1':
		entry->kind = TAR_HARD_LINK;
		return 0;
	case '2':
		entry->kind = TAR_SYMLINK;
		return 0;
	case '3':
	case '4':
	case '6':
		entry->kind = TAR_NODE;
		entry->mode |= (mode_t)(type == '3' ? S_IFCHR : type == '4' ? S_IFBLK : S_IFIFO);
		return 0;
	case '5':
	case 'D':
		entry->kind = TAR_DIRECTORY;
		return 0;
	case 'V':
		entry->kind = TAR_IGNORED;
		return 0;
	default:
		break;
	}
	char escaped[TAR_ESCAPED_BYTES];
	return tar_reject(reader->error, entry->name, strlen(entry->name), "its type %s is not supported",
	                  tar_escape(escaped, &type, 1));
}

/** The local extended header, else the global one, else the field. */
static bool number(const struct tar_number *local, const struct tar_number *global, const char *field,
                   size_t length, int64_t *value)
{
	if (local->given)
		*value = local->value;
	else if (global && global->given)
		*value = global->value;
	else
		return tar_field_number(field, length, value);
	return true;
}

static int set_owner_and_mode(struct tar_reader *reader, const struct tar_header *header)
{
	struct tar_entry *entry = &reader->entry;
	int64_t mode;
	int64_t uid;
	int64_t gid;
	if (!tar_field_number(header->mode, sizeof header->mode, &mode) || mode < 0)
		return reject(reader, "its mode is malformed");
	if (!number(&reader->local.uid, &reader->global.uid, header->uid, sizeof header->uid, &uid) ||
	    !number(&reader->local.gid, &reader->global.gid, header->gid, sizeof header->gid, &gid))
		return reject(reader, "its owner is malformed");
	if (!tar_is_id(uid) || !tar_is_id(gid))
		return reject(reader, "its owner is not between 0 and 2^32 - 2");
	entry->mode = (mode_t)(mode & PERMISSION_BITS);
	entry->uid = (uid_t)uid;
	entry->gid = (gid_t)gid;
	return 0;
}

static int set_mtime(struct tar_reader *reader, const struct tar_header *header)
{
	struct tar_entry *entry = &reader->entry;
	int64_t seconds;
	if (reader->local.mtime_given || reader->global.mtime_given) {
		entry->mtime = reader->local.mtime_given ? reader->local.mtime : reader->global.mtime;
		return 0;
	}
	if (!tar_field_number(header->mtime, sizeof header->mtime, &seconds))
		return reject(reader, "its time is malformed");
	entry->mtime = (struct timespec){.tv_sec = (time_t)seconds};
	return 0;
}

static int set_device(struct tar_reader *reader, const struct tar_header *header)
{
	int64_t major_number;
	int64_t minor_number;
	if (!S_ISCHR(reader->entry.mode) && !S_ISBLK(reader->entry.mode))
		return 0;
	if (!number(&reader->local.device_major, NULL, header->devmajor, sizeof header->devmajor,
	            &major_number) ||
	    !number(&reader->local.device_minor, NULL, header->devminor, sizeof header->devminor,
	            &minor_number))
		return reject(reader, "its device number is malformed");
	if (major_number < 0 || major_number >= MAJOR_LIMIT || minor_number < 0 ||
	    minor_number >= MINOR_LIMIT)
		return reject(reader, "its device number is out of range");
	reader->entry.device = makedev((unsigned)major_number, (unsigned)minor_number);
	return 0;
}

/** Only what has content or may be skipped has a size: hard links carry their target's in some archives. */
static int set_size(struct tar_reader *reader, const struct tar_header *header)
{
	struct tar_entry *entry = &reader->entry;
	int64_t size;
	if (!number(&reader->local.size, NULL, header->size, sizeof header->size, &size))
		return reject(reader, "its size is malformed");
	if (size < 0 || size > INT64_MAX - TAR_BLOCK)
		return reject(reader, "its size is negative or too large");
	bool has_content = entry->kind == TAR_REGULAR || entry->kind == TAR_IGNORED || header->type == 'D' ||
	                   S_ISSOCK(entry->mode);
	entry->stored_bytes = has_content ? (uint64_t)size : 0;
	entry->bytes = entry->stored_bytes;
	return 0;
}

int tar_describe(struct tar_reader *reader, const struct tar_header *header)
{
	struct tar_entry *entry = &reader->entry;
	char last;
	entry->sparse = false;
	entry->link[0] = 0;
	if (set_name(reader, header, &last) < 0 || set_owner_and_mode(reader, header) < 0 ||
	    set_kind(reader, header->type, last) < 0 || set_mtime(reader, header) < 0 ||
	    set_device(reader, header) < 0 || set_size(reader, header) < 0)
		return -1;
	if ((entry->kind == TAR_HARD_LINK || entry->kind == TAR_SYMLINK) && set_link(reader, header) < 0)
		return -1;
	entry->xattrs = reader->local.xattrs;
	entry->xattr_count = reader->local.xattr_count;
	return entry->kind == TAR_REGULAR ? tar_read_map(reader, header) : 0;
}
