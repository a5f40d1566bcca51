"""Operations: what each route does, takes and answers; a module for each noun. `routes` pairs each with
its endpoint."""
