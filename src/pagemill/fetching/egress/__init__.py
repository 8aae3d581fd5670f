"""What may leave the machine: the guard, DNS, the address registries and the trusted certificate authorities."""
