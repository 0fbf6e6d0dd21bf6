from postgresql import NAME, execute

execute(f'CREATE DATABASE "{NAME}"')
