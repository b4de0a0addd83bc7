/** Socratic on one machine: control plane, operator and node in one process and its children. */
package dev.socratic.local;
