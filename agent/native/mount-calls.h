/* System calls on mounts that musl does not know: numbers are the same on all architectures (linux/mount.h). */
#ifndef RUNV_MOUNT_CALLS_H
#define RUNV_MOUNT_CALLS_H

#include <stdint.h>
#include <sys/syscall.h>

#ifndef SYS_open_tree /* Linux 5.2 */
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount /* Linux 5.2 */
#define SYS_move_mount 429
#endif
#ifndef SYS_mount_setattr /* Linux 5.12 */
#define SYS_mount_setattr 442
#endif

/* struct mount_attr */
struct mount_attributes {
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
	uint64_t user_namespace;
};

#endif
