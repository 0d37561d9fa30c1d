#include "tar-pack.h"
#include "tar-error.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int pack_all(struct packer *packer, const char *directory)
{
	int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return tar_fail(packer->error, "open", directory, strlen(directory));
	if (pack_walk(packer, root) < 0)
		return -1;
	/* the end mark */
	if (tar_sink_zeros(&packer->sink, 2 * TAR_BLOCK) < 0)
		return -1;
	return tar_sink_flush(&packer->sink);
}

int tar_pack(const char *directory, int sink, bool one_file_system, struct tar_counts *counts,
             struct tar_error *error)
{
	/* static: two names of 16 KiB and the heads of the link table; a call owns its process */
	static struct packer packer;
	memset(counts, 0, sizeof *counts);
	memset(&packer, 0, sizeof packer);
	packer.error = error;
	packer.counts = counts;
	packer.one_file_system = one_file_system;
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return tar_fail(error, "open", ".", 1);
	int result = tar_sink_open(&packer.sink, sink, error);
	if (result == 0)
		result = pack_all(&packer, directory);
	tar_sink_close(&packer.sink);
	pack_links_release(&packer.links);
	free(packer.records.data);
	free(packer.scratch.data);
	if (fchdir(here) < 0 && result == 0)
		result = tar_fail(error, "fchdir", ".", 1);
	close(here);
	return result;
}
