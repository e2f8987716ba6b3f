#include "secret.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES	4096

static const int endings[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

#define ENDINGS	(sizeof(endings) / sizeof(endings[0]))

static volatile sig_atomic_t caught;

static void
catch(int number)
{
	caught = number;
}

/*
 * Byte by byte, so that nothing of it stays in a buffer of stdio.  NULL: the
 * end, too much, a NUL, or a signal.
 */
static char *
read_line(struct arena *a, int fd)
{
	char *line = arena_alloc(a, LINE_BYTES);
	size_t len = 0;
	ssize_t n = 0;

	while (len < LINE_BYTES && (n = read(fd, line + len, 1)) == 1 &&
	    line[len] != '\n')
		len++;
	if (len == LINE_BYTES || n < 0 || (n == 0 && len == 0))
		return NULL;
	line[len] = '\0';
	return strlen(line) == len ? line : NULL;
}

static void
put(int tty, const char *text)
{
	ssize_t n = write(tty, text, strlen(text));

	(void)n;	/* who does not see the question does not answer */
}

static char *
read_hidden(struct arena *a, int tty, const char *prompt)
{
	struct termios shown, hidden;
	char *line;

	if (tcgetattr(tty, &shown) != 0)
		return NULL;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	/* Who sees the question may begin, and nothing of it shows. */
	if (tcsetattr(tty, TCSAFLUSH, &hidden) != 0)
		return NULL;
	put(tty, prompt);
	line = read_line(a, tty);
	(void)tcsetattr(tty, TCSAFLUSH, &shown);
	put(tty, "\n");
	return line;
}

static char *
read_twice(struct arena *a, int tty, void (*complain)(const char *))
{
	char *line, *again;

	line = read_hidden(a, tty, "Password: ");
	again = line != NULL ? read_hidden(a, tty, "Once more: ") : NULL;
	if (again == NULL) {
		complain("no password was typed");
		return NULL;
	}
	if (strcmp(line, again) != 0) {
		complain("the two passwords differ");
		return NULL;
	}
	return line;
}

/* A signal ends the program, but not before the terminal shows again. */
static char *
read_guarded(struct arena *a, int tty, void (*complain)(const char *))
{
	struct sigaction before[ENDINGS], act = { .sa_handler = catch };
	char *line;
	size_t i;

	caught = 0;
	(void)sigemptyset(&act.sa_mask);
	for (i = 0; i < ENDINGS; i++)
		(void)sigaction(endings[i], &act, &before[i]);
	line = read_twice(a, tty, complain);
	for (i = 0; i < ENDINGS; i++)
		(void)sigaction(endings[i], &before[i], NULL);
	if (caught == 0)
		return line;
	(void)raise(caught);
	return NULL;
}

static int
open_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool
secret_terminal(const char *otherwise, void (*complain)(const char *))
{
	int tty = open_terminal();

	if (tty < 0)
		complain(otherwise);
	else
		(void)close(tty);
	return tty >= 0;
}

static char *
read_pipe(struct arena *a, void (*complain)(const char *))
{
	char *line = read_line(a, STDIN_FILENO);

	if (line == NULL)
		complain("standard input holds no password, or one that is "
		    "too long or no text");
	return line;
}

char *
secret_read(struct arena *a, bool from_stdin, void (*complain)(const char *))
{
	char *line;
	int tty;

	if (from_stdin)
		return read_pipe(a, complain);
	if ((tty = open_terminal()) < 0) {
		complain("there is no terminal");
		return NULL;
	}
	line = read_guarded(a, tty, complain);
	(void)close(tty);
	return line;
}

bool
secret_confirm(struct arena *a, const char *question)
{
	const char *line;
	int tty;

	if ((tty = open_terminal()) < 0)
		return false;
	put(tty, question);
	put(tty, " [y/N] ");
	line = read_line(a, tty);
	(void)close(tty);
	return line != NULL && (strcmp(line, "y") == 0 ||
	    strcmp(line, "yes") == 0);
}
