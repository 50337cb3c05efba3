# What a Sallyport control server may do in OpenBao, and nothing more.
# The paths follow the default names: SSH mount "sallyport-ssh", role "sallyport", KV mount "kv".

# Certificates for logins, within the role's limits.
path "sallyport-ssh/sign/sallyport" {
  capabilities = ["update"]
}
path "sallyport-ssh/config/ca" {
  capabilities = ["read"]
}
path "sallyport-ssh/roles/sallyport" {
  capabilities = ["read"]
}

# The server's own keys: made once, never replaced, never removed.
path "kv/data/sallyport/server/*" {
  capabilities = ["create", "read"]
}

# Passwords of targets: set, used, listed by name, removed with every earlier version.
path "kv/data/sallyport/passwords/*" {
  capabilities = ["create", "read", "update"]
}
path "kv/metadata/sallyport/passwords/*" {
  capabilities = ["read", "list", "delete"]
}
path "kv/metadata/sallyport/passwords" {
  capabilities = ["list"]
}

# Its own token.
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}
