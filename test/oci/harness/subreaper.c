/* subreaper PIDFILE COMMAND...: becomes a subreaper as a containerd shim does, runs COMMAND, and then waits for the process that
 * COMMAND named in PIDFILE. Prints "verb STATUS" and "process STATUS", each as soon as it is known; 128 + signal for a killed one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wait_for(pid_t pid)
{
	for (;;) {
		int status = 0;
		pid_t ended = waitpid(-1, &status, 0);
		if (ended == pid)
			return exit_status(status);
		if (ended < 0 && errno != EINTR) {
			perror("subreaper: not a child");
			exit(1);
		}
	}
}

static pid_t read_pid(const char *path)
{
	long pid = 0;
	FILE *file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%ld", &pid) != 1) {
		perror(path);
		exit(1);
	}
	(void)fclose(file);
	return (pid_t)pid;
}

static void report(const char *what, int status)
{
	(void)printf("%s %d\n", what, status);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return 2;
	pid_t verb = fork();
	if (verb < 0)
		return 2;
	if (verb == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	int status = wait_for(verb);
	report("verb", status);
	if (status != 0)
		return 1;
	report("process", wait_for(read_pid(argv[1])));
	return 0;
}
