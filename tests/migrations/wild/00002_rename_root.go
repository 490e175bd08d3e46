// Not a migration by its name: no ".up." in it.
package migrations
