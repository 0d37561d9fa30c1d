#include "tar-error.h"
#include "tar-pack.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool vanished(int number)
{
	/* EINVAL: no longer a symlink */
	return number == ENOENT || number == EINVAL;
}

/** The symlink's target into `packer->link`. Returns 1 when it is gone. */
static int read_link(struct packer *packer, const struct pack_item *item)
{
	ssize_t length = readlinkat(item->parent, item->base, packer->link, TAR_NAME_LIMIT);
	if (length < 0)
		return vanished(errno) ? 1 : pack_fail(packer, "readlinkat");
	packer->link[length] = 0;
	return 0;
}

static int pack_described(struct packer *packer, const struct pack_item *item)
{
	const struct stat *status = &item->status;
	if (pack_xattrs(packer, item) < 0)
		return -1;
	switch (status->st_mode & S_IFMT) {
	case S_IFREG:
		return pack_file(packer, item);
	case S_IFDIR:
		return pack_header(packer, status, '5', 0);
	case S_IFLNK:
		return pack_header(packer, status, '2', 0);
	case S_IFCHR:
		return pack_header(packer, status, '3', 0);
	case S_IFBLK:
		return pack_header(packer, status, '4', 0);
	case S_IFIFO:
		return pack_header(packer, status, '6', 0);
	case S_IFSOCK:
		if (pack_record(packer, TAR_TYPE_KEYWORD, TAR_TYPE_SOCKET, sizeof TAR_TYPE_SOCKET - 1) < 0)
			return -1;
		return pack_header(packer, status, '0', 0);
	default:
		break;
	}
	errno = ENOTSUP;
	return pack_fail(packer, "unknown type of file");
}

int pack_entry(struct packer *packer, const struct pack_item *item)
{
	const struct stat *status = &item->status;
	int seen = 0;
	packer->records.used = 0;
	packer->scratch.used = 0;
	if (S_ISLNK(status->st_mode)) {
		int gone = read_link(packer, item);
		if (gone > 0)
			packer->counts->vanished_entries++;
		if (gone != 0)
			return gone < 0 ? -1 : 0;
	}
	if (!S_ISDIR(status->st_mode) && status->st_nlink > 1)
		seen = pack_link_target(packer, status);
	if (seen < 0)
		return -1;
	packer->counts->entries++;
	return seen ? pack_header(packer, status, '1', 0) : pack_described(packer, item);
}
