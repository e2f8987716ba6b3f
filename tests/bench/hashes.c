/*
 * What libxcrypt alone hashes: no server, no store, no queue.
 *
 * usage: hashes COST THREADS SECONDS
 *
 * So many threads hash one password at that yescrypt cost for so long; the
 * output is hashes a second, all threads together.
 */
#include <crypt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#define THREADS_MAX	64

struct worker {
	pthread_t	 thread;
	char		 setting[CRYPT_GENSALT_OUTPUT_SIZE];
	double		 seconds;
	double		 rate;
};

static struct worker	workers[THREADS_MAX];

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Each counts to the end of its own last hash: no half ones. */
static void *
hash(void *arg)
{
	struct worker *w = arg;
	struct crypt_data *data;
	double start, passed;
	long done = 0;

	data = calloc(1, sizeof(*data));
	if (data == NULL)
		abort();
	start = now();
	do {
		if (crypt_rn("correct horse battery staple", w->setting, data,
		    (int)sizeof(*data)) == NULL)
			abort();
		done++;
		passed = now() - start;
	} while (passed < w->seconds);
	w->rate = (double)done / passed;
	free(data);
	return NULL;
}

static void
begin(struct worker *w, unsigned long cost, double seconds)
{
	w->seconds = seconds;
	if (crypt_gensalt_rn("$y$", cost, NULL, 0, w->setting,
	    (int)sizeof(w->setting)) == NULL ||
	    pthread_create(&w->thread, NULL, hash, w) != 0)
		abort();
}

int
main(int argc, char **argv)
{
	double seconds, rate = 0;
	unsigned long cost, n, i;

	if (argc != 4) {
		(void)fputs("usage: hashes COST THREADS SECONDS\n", stderr);
		return EX_USAGE;
	}
	cost = strtoul(argv[1], NULL, 10);
	n = strtoul(argv[2], NULL, 10);
	seconds = strtod(argv[3], NULL);
	if (cost < 1 || cost > 11 || n < 1 || n > THREADS_MAX || seconds <= 0)
		return EX_USAGE;
	for (i = 0; i < n; i++)
		begin(&workers[i], cost, seconds);
	for (i = 0; i < n; i++) {
		(void)pthread_join(workers[i].thread, NULL);
		rate += workers[i].rate;
	}
	(void)printf("%.3f\n", rate);
	return EX_OK;
}
