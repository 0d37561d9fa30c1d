#include "tar-error.h"
#include "tar-extract.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Extended headers that one entry may need: pax, long name, long link, global. */
enum { HEADERS_PER_ENTRY = 5 };

static uint64_t headers_for(uint64_t entries)
{
	return entries > UINT64_MAX / HEADERS_PER_ENTRY ? UINT64_MAX : entries * HEADERS_PER_ENTRY;
}

static int extract_all(struct tar_extractor *extractor)
{
	int got;
	while ((got = tar_next_entry(extractor->reader)) > 0)
		if (tar_extract(extractor) < 0)
			return -1;
	return got < 0 ? -1 : tar_finish_directories(extractor);
}

static int with_target(struct tar_reader *reader, const char *directory, const struct tar_limits *limits,
                       struct tar_counts *counts)
{
	struct tar_extractor extractor = {
	        .reader = reader,
	        .error = reader->error,
	        .counts = counts,
	        .limits = *limits,
	        .working_directory = -1,
	};
	int result = tar_tree_open(&extractor.tree, directory, reader->error);
	if (result == 0)
		result = tar_position_open(&extractor.position, &extractor.tree);
	if (result == 0)
		result = tar_position_open(&extractor.link_position, &extractor.tree);
	if (result == 0)
		result = extract_all(&extractor);
	tar_position_close(&extractor.link_position);
	tar_position_close(&extractor.position);
	tar_tree_close(&extractor.tree);
	return result;
}

int tar_untar(int source, const char *directory, const struct tar_limits *limits, struct tar_counts *counts,
              struct tar_error *error)
{
	/* static: two names of 16 KiB; a call owns its process */
	static struct tar_reader reader;
	memset(counts, 0, sizeof *counts);
	reader = (struct tar_reader){.error = error, .max_headers = headers_for(limits->max_entries)};
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return tar_fail(error, "open", ".", 1);
	mode_t mask = umask(0);
	int result = tar_source_open(&reader.source, source, error);
	if (result == 0)
		result = with_target(&reader, directory, limits, counts);
	tar_reader_release(&reader);
	umask(mask);
	if (fchdir(here) < 0 && result == 0)
		result = tar_fail(error, "fchdir", ".", 1);
	close(here);
	return result;
}
