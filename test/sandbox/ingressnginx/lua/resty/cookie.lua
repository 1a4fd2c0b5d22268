-- Debian has the same library under another name.
return require("nginx.cookie")
