"""The kinds of networks that can be named as an `architecture`, a module each; `registry` lists them."""
