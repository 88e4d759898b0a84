"""Sign in with WeChat, and bind what WeChat knows of a person to his account.

Nobody is taken over: an openid opens only the account it was bound to, a phone number that belongs to another account is refused,
and moving one's WeChat to another account needs the proof of both (signed in to the one, a fresh code of the other).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service import audit
from service.accounts.caller import Caller
from service.accounts.create import create_account
from service.accounts.held_grants import end_held
from service.accounts.models import Account, AccountPhone, ActingGrant
from service.accounts.phones import bind_phone
from service.errors import Conflict, Forbidden, Refusal, Unauthorized
from service.signin import login_sessions
from service.signin.login_sessions import Device, Tokens
from service.signin.models import PasswordLogin
from service.wechat.client import Identity
from service.wechat.errcodes import WechatError
from service.wechat.identities import bind_identity, identity_of_openid, new_login, seen
from service.wechat.models import WechatIdentity
from service.workers.models import Worker

NEW_NAME = "微信用户"
SPENT = frozenset({40029, 40163, 41008})
AT_RISK = 40226


def login_refused(trouble: WechatError) -> Refusal:
    """Why signing in with a code did not go."""
    if trouble.errcode in SPENT:
        return Unauthorized("wechat_code_spent", "登录没有成功，请退出小程序再打开，重新登录。")
    if trouble.errcode == AT_RISK:
        return Forbidden("wechat_account_at_risk", "微信暂时限制了这个微信号登录，请改用手机号验证码登录，或到就业服务站办理。")
    return trouble.refusal()


def phone_refused(trouble: WechatError) -> Refusal:
    """Why the phone number did not come."""
    if trouble.errcode in SPENT:
        return Unauthorized("phone_code_spent", "没有取到手机号，请再点一次获取手机号的按钮。")
    return trouble.refusal()


def sign_in(session: Session, who: Identity, device: Device, now: datetime) -> Tokens:
    """Sign in to the account of this person; who comes for the first time gets one, as a worker.

    Two at once for one new person get the same account. Raises Forbidden when the account is switched off.
    """
    row = identity_of_openid(session, who.openid) or _first_time(session, who, now)
    account = session.get_one(Account, row.account_id)
    if account.disabled_at is not None:
        raise Forbidden("account_disabled", "这个账号已经停用，请联系就业服务站。")
    seen(session, row, now)
    return login_sessions.open_session(session, account, method="wechat", device=device, now=now)


def _first_time(session: Session, who: Identity, now: datetime) -> WechatIdentity:
    try:
        with session.begin_nested():
            worker = Worker(display_name=NEW_NAME, created_at=now, active_at=now)
            session.add(worker)
            session.flush()
            account = create_account(
                session, role="worker", login=new_login(), display_name=NEW_NAME, now=now, worker_id=worker.worker_id
            )
            return bind_identity(session, account.account_id, who, now)
    except IntegrityError:
        found = identity_of_openid(session, who.openid)  # the other one was faster by a moment
        if found is None:
            raise
        return found


def link(session: Session, caller: Caller, who: Identity, now: datetime) -> None:
    """Let this WeChat open the account that is signed in. Doing it twice changes nothing.

    When the person had come by WeChat first, the account made then gives its place up, provided it was never more than a way in:
    no phone number, no password, no profile, nobody who acts for it. Raises Conflict when either side is bound otherwise.
    """
    session.execute(select(Account.account_id).where(Account.account_id == caller.account_id).with_for_update())
    mine = session.get(WechatIdentity, caller.account_id)
    theirs = identity_of_openid(session, who.openid)
    if theirs is not None and theirs.account_id == caller.account_id:
        return
    if mine is not None:
        raise Conflict("wechat_bound_already", "这个账号已经绑定了另一个微信，请先到就业服务站解除。")
    if theirs is not None:
        _give_up(session, caller, theirs, now)
    try:
        with session.begin_nested():
            bind_identity(session, caller.account_id, who, now)
    except IntegrityError:
        raise _bound_elsewhere() from None
    audit.record(session, caller, "wechat.link", "account", caller.account_id, for_worker=caller.worker_id)


def _give_up(session: Session, caller: Caller, theirs: WechatIdentity, now: datetime) -> None:
    """The account that was only this WeChat's way in ends; what it had is its owner's, who is here."""
    left = session.get_one(Account, theirs.account_id, with_for_update=True)
    used = select(func.count()).select_from(AccountPhone).where(AccountPhone.account_id == left.account_id)
    password = select(func.count()).select_from(PasswordLogin).where(PasswordLogin.account_id == left.account_id)
    # A profile that nobody can sign in to any more would go on being found, and nobody could withdraw it.
    said = select(func.count()).where(Worker.worker_id == left.worker_id, Worker.updated_at.is_not(None))
    acted = select(func.count()).where(ActingGrant.worker_id == left.worker_id, ActingGrant.ended_at.is_(None))
    if left.role != "worker" or caller.role != "worker" or any(map(session.scalar, (used, password, said, acted))):
        raise _bound_elsewhere()
    session.execute(delete(WechatIdentity).where(WechatIdentity.account_id == left.account_id))
    session.expunge(theirs)
    login_sessions.end_all(session, left.account_id, "merged", now, by=caller)
    end_held(session, left.account_id, now, ended_by=caller.account_id)
    left.disabled_at = left.disabled_at or now
    audit.record(
        session, caller, "account.merge", "account", left.account_id,
        details={"into": caller.account_id}, for_worker=left.worker_id,
    )  # fmt: skip


def bind_wechat_phone(session: Session, caller: Caller, phone: str, now: datetime) -> AccountPhone | Refusal:
    """Bind the number that WeChat has proved. A refusal is given back, not raised: the call was paid for and is to be counted."""
    try:
        row = bind_phone(session, caller.account_id, phone, proved_by="wechat", now=now)
    except Refusal as refused:
        return refused
    audit.record(session, caller, "phone.bind", "account", caller.account_id, for_worker=caller.worker_id)
    return row


def _bound_elsewhere() -> Conflict:
    return Conflict("wechat_taken", "这个微信已经绑定在另一个账号上，请用微信登录那个账号；要合并请到就业服务站办理。")
