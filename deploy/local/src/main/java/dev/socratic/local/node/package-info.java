/** One node without containers: pods become processes, claims and configuration become folders. */
package dev.socratic.local.node;
