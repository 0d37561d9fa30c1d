#include "tar-error.h"
#include "tar-pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct pack_link **head_of(struct pack_links *links, const struct stat *status)
{
	uint64_t mixed = ((uint64_t)status->st_ino ^ (uint64_t)status->st_dev << 32) * 0x9e3779b97f4a7c15u;
	return &links->heads[mixed >> 32 & (PACK_LINK_HEADS - 1)];
}

static int remember(struct packer *packer, struct pack_link **head, const struct stat *status)
{
	if (packer->links.count == PACK_LINK_LIMIT) {
		errno = E2BIG;
		return pack_fail(packer, "remembering files with several names");
	}
	struct pack_link *link = malloc(sizeof *link + packer->name_length + 1);
	if (!link)
		return pack_fail(packer, "malloc");
	*link = (struct pack_link){
	        .next = *head,
	        .device = status->st_dev,
	        .inode = status->st_ino,
	        .left = status->st_nlink - 1,
	};
	memcpy(link->name, packer->name, packer->name_length + 1);
	*head = link;
	packer->links.count++;
	return 0;
}

int pack_link_target(struct packer *packer, const struct stat *status)
{
	struct pack_link **at = head_of(&packer->links, status);
	struct pack_link **head = at;
	while (*at && ((*at)->inode != status->st_ino || (*at)->device != status->st_dev))
		at = &(*at)->next;
	if (!*at)
		return remember(packer, head, status);
	struct pack_link *link = *at;
	strcpy(packer->link, link->name);
	if (--link->left == 0) {
		*at = link->next;
		free(link);
		packer->links.count--;
	}
	return 1;
}

void pack_links_release(struct pack_links *links)
{
	for (size_t i = 0; i < PACK_LINK_HEADS; i++) {
		while (links->heads[i]) {
			struct pack_link *next = links->heads[i]->next;
			free(links->heads[i]);
			links->heads[i] = next;
		}
	}
}
