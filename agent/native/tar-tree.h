/*
 * The directories of the target that have been walked through, and the way to them: every component is opened
 * by itself below its parent's descriptor and without following links, so no name can lead out of the target.
 */
#ifndef RUNV_TAR_TREE_H
#define RUNV_TAR_TREE_H

#include "tar-format.h"
#include "tar-pax.h"
#include "tar.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/** What a directory gets when nothing is written into it any more. Owned copies. */
struct tar_directory_attributes {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
	struct tar_xattr *xattrs;
	size_t xattr_count;
	/** Names and values of the attributes above. */
	char *contents;
};

struct tar_directory {
	uint32_t parent;
	/** The next one with the same hash; 0 (the root has none) ends the chain. */
	uint32_t next;
	uint32_t depth;
	char *name;
	struct tar_directory_attributes *attributes;
};

struct tar_tree {
	int root;
	struct tar_directory *directories;
	uint32_t count;
	uint32_t room;
	uint32_t *heads;
	uint32_t head_count;
	/** Grows when a directory is removed: whoever holds descriptors looks again. */
	uint64_t generation;
	/** Bytes of extended attributes kept for later. */
	uint64_t kept_bytes;
	struct tar_error *error;
};

/** A position in the tree with the descriptors on the way to it. */
struct tar_position {
	struct tar_tree *tree;
	uint64_t generation;
	uint32_t depth;
	/** Directory numbers from the root (level 0) to here. */
	uint32_t *path;
	uint32_t room;
	/** Of the first levels. */
	int fds[TAR_OPEN_DIRECTORIES];
	/** Of the deepest level when it is beyond them, else -1. */
	int deep;
};

int tar_tree_open(struct tar_tree *tree, const char *directory, struct tar_error *error);
void tar_tree_close(struct tar_tree *tree);

/** Number of `name` (`length` bytes) below `parent`, made known if need be. Returns 0 on failure. */
uint32_t tar_tree_find(struct tar_tree *tree, uint32_t parent, const char *name, size_t length);

/** A directory has been removed: its attributes are dropped and positions are looked up again. */
void tar_tree_removed(struct tar_tree *tree, uint32_t parent, const char *name);

/** Keeps attributes for `directory`, in place of earlier ones. */
int tar_tree_keep(struct tar_tree *tree, uint32_t directory, const struct tar_directory_attributes *given);

int tar_position_open(struct tar_position *position, struct tar_tree *tree);
void tar_position_close(struct tar_position *position);

/** Descriptor of the directory where the position is. */
int tar_position_fd(const struct tar_position *position);
uint32_t tar_position_directory(const struct tar_position *position);

/**
 * Moves to the directory of the clean name `path` (`length` bytes, "" is the root). With `created` missing
 * directories are made (0755) and counted there; without, they are an error. `entry` is for the error.
 */
int tar_position_seek(struct tar_position *position, const char *path, size_t length, uint64_t *created,
                      const char *entry);

/** Moves to a directory by its number. */
int tar_position_visit(struct tar_position *position, uint32_t directory);

#endif
