/* The blocks of a tar archive, and the bounds that reader and packer share. */
#ifndef RUNV_TAR_FORMAT_H
#define RUNV_TAR_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum {
	TAR_BLOCK = 512,
	/** Longest name of an entry, four times PATH_MAX: deeper trees than any path can name still fit. */
	TAR_NAME_LIMIT = 16384,
	/** What the extended headers of one entry may hold together. */
	TAR_EXTENDED_LIMIT = 1 << 20,
	/** Segments of one sparse file. */
	TAR_SEGMENT_LIMIT = 1 << 20,
	/** Directory descriptors kept open on the way to a place; three places are held at once: entry, link target, attributes. */
	TAR_OPEN_DIRECTORIES = 24,
	TAR_SINK_BUFFER_BYTES = 256 * 1024,
	/** Also the largest piece that goes to a disk at once. */
	TAR_SOURCE_BUFFER_BYTES = 1024 * 1024,
};

/** POSIX.1-2008 ustar header block. */
struct tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char linkname[100];
	char magic[8];
	char uname[32];
	char gname[32];
	char devmajor[8];
	char devminor[8];
	char prefix[155];
	char padding[12];
};
_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is one block");

/** Where a GNU header of type 'S' keeps its map, and the blocks that continue it. */
enum {
	GNU_SPARSE_OFFSET = 386,
	GNU_SPARSE_IN_HEADER = 4,
	GNU_SPARSE_EXTENDED_OFFSET = 482,
	GNU_SPARSE_REALSIZE_OFFSET = 483,
	GNU_SPARSE_IN_BLOCK = 21,
	GNU_SPARSE_CONTINUED_OFFSET = 504,
	GNU_NUMBER_BYTES = 12,
};

/** The record that makes an empty regular entry a socket: tar has no type for those. */
#define TAR_TYPE_KEYWORD "RUNV.type"
#define TAR_TYPE_SOCKET "socket"
#define TAR_XATTR_PREFIX "SCHILY.xattr."

/** One piece of a sparse file that holds data. */
struct tar_segment {
	uint64_t offset;
	uint64_t bytes;
};

static inline uint64_t tar_padding(uint64_t bytes)
{
	return (TAR_BLOCK - bytes % TAR_BLOCK) % TAR_BLOCK;
}

/** Unsigned sum of the header's bytes with the checksum field taken as spaces. */
uint32_t tar_checksum(const struct tar_header *header);

#endif
