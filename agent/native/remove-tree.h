#ifndef RUNV_REMOVE_TREE_H
#define RUNV_REMOVE_TREE_H

/* rm -rf without following symlinks or entering mounts: a mount point is EBUSY. Absent is fine. 0 or -1 with errno.
 * Depth is bounded by memory alone: only one descriptor is open at a time. */
int runv_remove_tree(const char *path);

#endif
