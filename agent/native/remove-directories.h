#pragma once

/* Removes `path` and the directories below it, at most `levels` deep; files are left where they are, as in a cgroup, where they
 * go with their directory. -1 with errno: EBUSY while something uses one of them. Absent is fine. */
int runv_remove_directories(const char *path, int levels);
