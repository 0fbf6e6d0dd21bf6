from postgresql import NAME, execute

execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
