/** The API server that a local run talks to: the real one where its binaries are, a small in-process one elsewhere. */
package dev.socratic.local.controlplane;
