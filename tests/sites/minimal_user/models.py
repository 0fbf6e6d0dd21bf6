from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class AccountManager(BaseUserManager):
    def create_user(self, login, password=None):
        user = self.model(login=login)
        user.set_password(password)
        user.save()
        return user


class Account(AbstractBaseUser):
    """The smallest user model: no permissions, groups, e-mail address or ``is_active`` column.

    ``is_active`` is then always True on AbstractBaseUser.
    """

    login = models.CharField(max_length=40, unique=True)

    USERNAME_FIELD = "login"
    objects = AccountManager()
