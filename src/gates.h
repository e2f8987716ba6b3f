/*
 * gates.h - the row of gates that a call passes before its handler
 */
#ifndef GATES_H
#define GATES_H

#include "call.h"

/*
 * True: the call has passed them all, and its route says what comes next.
 * False: a gate has said the answer.
 */
bool	gates_pass(struct call *);

#endif
