#include "tar-tree.h"

#include "tar-error.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FIRST_HEADS = 1024,
	/** Extended attributes of all directories together. */
	KEPT_LIMIT = 64 << 20,
	FNV_BASIS = 0x811c9dc5,
	FNV_PRIME = 0x01000193,
};

static int no_memory(struct tar_tree *tree)
{
	return tar_fail(tree->error, "malloc", "directories", 11);
}

int tar_tree_open(struct tar_tree *tree, const char *directory, struct tar_error *error)
{
	*tree = (struct tar_tree){.error = error, .root = -1};
	tree->root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->root < 0)
		return tar_fail(error, "open", directory, strlen(directory));
	tree->heads = calloc(FIRST_HEADS, sizeof *tree->heads);
	tree->head_count = FIRST_HEADS;
	tree->room = FIRST_HEADS;
	tree->directories = calloc(tree->room, sizeof *tree->directories);
	tree->count = 1;
	return tree->heads && tree->directories ? 0 : no_memory(tree);
}

static void forget_attributes(struct tar_tree *tree, struct tar_directory *directory)
{
	struct tar_directory_attributes *attributes = directory->attributes;
	if (!attributes)
		return;
	for (size_t i = 0; i < attributes->xattr_count; i++)
		tree->kept_bytes -= attributes->xattrs[i].length + sizeof *attributes->xattrs;
	free(attributes->xattrs);
	free(attributes->contents);
	free(attributes);
	directory->attributes = NULL;
}

void tar_tree_close(struct tar_tree *tree)
{
	for (uint32_t i = 0; tree->directories && i < tree->count; i++) {
		forget_attributes(tree, &tree->directories[i]);
		free(tree->directories[i].name);
	}
	free(tree->directories);
	free(tree->heads);
	if (tree->root >= 0)
		close(tree->root);
	*tree = (struct tar_tree){.root = -1};
}

static uint32_t hash(uint32_t parent, const char *name, size_t length)
{
	uint32_t sum = (uint32_t)FNV_BASIS ^ parent;
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ (unsigned char)name[i]) * FNV_PRIME;
	return sum ^ sum >> 15;
}

static uint32_t *head_of(struct tar_tree *tree, uint32_t parent, const char *name, size_t length)
{
	return &tree->heads[hash(parent, name, length) & (tree->head_count - 1)];
}

static void rehash(struct tar_tree *tree)
{
	uint32_t *heads = calloc((size_t)tree->head_count * 2, sizeof *heads);
	/* without it the chains just get longer */
	if (!heads)
		return;
	free(tree->heads);
	tree->heads = heads;
	tree->head_count *= 2;
	for (uint32_t i = 1; i < tree->count; i++) {
		struct tar_directory *directory = &tree->directories[i];
		uint32_t *head = head_of(tree, directory->parent, directory->name, strlen(directory->name));
		directory->next = *head;
		*head = i;
	}
}

static uint32_t lookup(struct tar_tree *tree, uint32_t parent, const char *name, size_t length)
{
	uint32_t at = *head_of(tree, parent, name, length);
	while (at != 0) {
		const struct tar_directory *directory = &tree->directories[at];
		if (directory->parent == parent && strncmp(directory->name, name, length) == 0 &&
		    directory->name[length] == 0)
			break;
		at = directory->next;
	}
	return at;
}

static int make_room(struct tar_tree *tree)
{
	if (tree->count < tree->room)
		return 0;
	if (tree->room > UINT32_MAX / 2)
		return no_memory(tree);
	struct tar_directory *grown =
	        realloc(tree->directories, (size_t)tree->room * 2 * sizeof *tree->directories);
	if (!grown)
		return no_memory(tree);
	tree->directories = grown;
	tree->room *= 2;
	return 0;
}

uint32_t tar_tree_find(struct tar_tree *tree, uint32_t parent, const char *name, size_t length)
{
	uint32_t found = lookup(tree, parent, name, length);
	if (found != 0 || make_room(tree) < 0)
		return found;
	char *copy = strndup(name, length);
	if (!copy) {
		no_memory(tree);
		return 0;
	}
	if (tree->count >= tree->head_count)
		rehash(tree);
	uint32_t *head = head_of(tree, parent, name, length);
	tree->directories[tree->count] = (struct tar_directory){
	        .parent = parent, .next = *head, .depth = tree->directories[parent].depth + 1, .name = copy};
	*head = tree->count;
	return tree->count++;
}

void tar_tree_removed(struct tar_tree *tree, uint32_t parent, const char *name)
{
	uint32_t found = lookup(tree, parent, name, strlen(name));
	if (found != 0)
		forget_attributes(tree, &tree->directories[found]);
	tree->generation++;
}

static int copy_xattrs(struct tar_directory_attributes *copy, const struct tar_directory_attributes *given)
{
	size_t bytes = 0;
	for (size_t i = 0; i < given->xattr_count; i++)
		bytes += strlen(given->xattrs[i].name) + 1 + given->xattrs[i].length;
	copy->xattrs = calloc(given->xattr_count, sizeof *copy->xattrs);
	copy->contents = malloc(bytes);
	if (!copy->xattrs || !copy->contents)
		return -1;
	char *at = copy->contents;
	for (size_t i = 0; i < given->xattr_count; i++) {
		const struct tar_xattr *from = &given->xattrs[i];
		size_t name_bytes = strlen(from->name) + 1;
		memcpy(at, from->name, name_bytes);
		memcpy(at + name_bytes, from->value, from->length);
		copy->xattrs[i] = (struct tar_xattr){at, at + name_bytes, from->length};
		at += name_bytes + from->length;
	}
	return 0;
}

int tar_tree_keep(struct tar_tree *tree, uint32_t directory, const struct tar_directory_attributes *given)
{
	struct tar_directory *kept = &tree->directories[directory];
	forget_attributes(tree, kept);
	struct tar_directory_attributes *copy = malloc(sizeof *copy);
	if (!copy)
		return no_memory(tree);
	*copy = *given;
	copy->xattrs = NULL;
	copy->contents = NULL;
	if (given->xattr_count > 0 && copy_xattrs(copy, given) < 0) {
		free(copy->xattrs);
		free(copy->contents);
		free(copy);
		return no_memory(tree);
	}
	kept->attributes = copy;
	for (size_t i = 0; i < copy->xattr_count; i++)
		tree->kept_bytes += copy->xattrs[i].length + sizeof *copy->xattrs;
	if (tree->kept_bytes > KEPT_LIMIT)
		return tar_reject(tree->error, NULL, 0,
		                  "the extended attributes of directories exceed %d bytes", KEPT_LIMIT);
	return 0;
}
