/** The {@code kubectl get -w} view: the CRD's printer columns, a line for each change. */
package dev.socratic.local.view;
