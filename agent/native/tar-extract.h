/* Making the entries of an archive below the target. */
#ifndef RUNV_TAR_EXTRACT_H
#define RUNV_TAR_EXTRACT_H

#include "tar-entry.h"
#include "tar-tree.h"

struct tar_extractor {
	struct tar_reader *reader;
	struct tar_error *error;
	struct tar_counts *counts;
	struct tar_limits limits;
	struct tar_tree tree;
	/** Where the entry goes, and where the target of a hard link is. */
	struct tar_position position;
	struct tar_position link_position;
	/** Directories made for names whose parents the archive did not bring. */
	uint64_t implied_directories;
	/** The directory number that the working directory is at, or -1. */
	int64_t working_directory;
	uint64_t working_generation;
};

/** Makes the reader's entry and takes its content from the stream. */
int tar_extract(struct tar_extractor *extractor);

/** Gives the directories their modes, owners, attributes and times: after this nothing may be made in them.
 */
int tar_finish_directories(struct tar_extractor *extractor);

/** Owner, mode, extended attributes and time of an open file or directory, in the order in which they
 * survive. */
int tar_set_open(struct tar_extractor *extractor, int fd, const struct tar_directory_attributes *attributes,
                 const char *name);

/** The same for a symlink or node `base` in the directory where the position is; links are not followed. */
int tar_set_named(struct tar_extractor *extractor, const char *base);

#endif
