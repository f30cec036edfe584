(** Points that avoid finitely many flats, and small steps that do. Only contradictions are derived from them, and in the proof of a
    contradiction every proposition may be taken to be true or false. *)

From Coq Require Import List Reals Lra Lia FunctionalExtensionality.
From Proof Require Import Layers Integers Rows Domains Interior.
Import ListNotations.
Open Scope R_scope.

Lemma cases : forall A : Prop, (A \/ ~ A -> False) -> False.
Proof. tauto. Qed.

Lemma not_not_all : forall A (l : list A) (P : A -> Prop), (forall a, In a l -> ~ ~ P a) -> ~ ~ forall a, In a l -> P a.
Proof.
  induction l as [|b l IH]; intros P H N; [apply N; intros a []|].
  apply (H b (or_introl eq_refl)). intro PB. apply (IH P); [intros a I; apply H; right; exact I|].
  intro PL. apply N. intros a [<-|I]; auto.
Qed.

Lemma not_not_small : forall A (l : list A) (P : A -> R -> Prop),
  (forall a, In a l -> ~ ~ for_small (P a)) -> ~ ~ for_small (fun t => forall a, In a l -> P a t).
Proof.
  intros A l P H N. apply (not_not_all _ _ (fun a => for_small (P a)) H). intro S. apply N, for_small_all, S.
Qed.

(** An equation between reals that cannot be false is true. *)
Lemma stable : forall s t : R, ~ ~ s = t -> s = t.
Proof. intros s t H. destruct (Req_EM_T s t) as [E|E]; [exact E|]. contradiction. Qed.

Lemma point_stable : forall x y : point, ~ ~ x = y -> x = y.
Proof.
  intros x y H. apply functional_extensionality. intro j. apply stable. intro N. apply H. intros ->. apply N. reflexivity.
Qed.

Lemma for_small_positive : forall s t, 0 < s -> for_small (fun e => 0 < s + e * t).
Proof.
  intros s t S. destruct (for_small_below (- s) (- t) (- (s / 2)) ltac:(lra)) as (T & T0 & H).
  exists T. split; [exact T0|]. intros e E. destruct (H e E) as [A _]. lra.
Qed.

Ltac vector := apply functional_extensionality; intro; unfold between, plus, times, zero_point.

(** * Flats *)

(** With two points the whole line through them. *)
Definition flat (Z : point -> Prop) : Prop := forall x y k, Z x -> Z y -> Z (between k x y).

Lemma flat_at : forall Z x y s t r, flat Z -> s <> t -> Z (between s x y) -> Z (between t x y) -> Z (between r x y).
Proof.
  intros Z x y s t r FZ N S T.
  replace (between r x y) with (between ((r - s) / (t - s)) (between s x y) (between t x y)); [apply FZ; assumption|].
  vector. field. lra.
Qed.

Lemma between_start : forall x y, between 0 x y = x.
Proof. intros. vector. ring. Qed.

Lemma between_end : forall x y, between 1 x y = y.
Proof. intros. vector. ring. Qed.

(** A line that does not lie in a flat leaves it at once. *)
Lemma flat_line : forall Z x y, flat Z -> ~ (Z x /\ Z y) -> ~ ~ for_small (fun t => ~ Z (between t x y)).
Proof.
  intros Z x y FZ N H. apply (cases (exists t, 0 < t /\ Z (between t x y))). intros [(t & t0 & T)|E]; apply H.
  - exists (t / 2). split; [lra|]. intros s [s0 sT] S. apply N. split.
    + rewrite <- (between_start x y). apply (flat_at Z x y s t); auto; lra.
    + rewrite <- (between_end x y). apply (flat_at Z x y s t); auto; lra.
  - exists 1. split; [lra|]. intros s [s0 _] S. apply E. exists s. split; assumption.
Qed.

(** The flats that are not everything. *)
Definition avoids (c : point) (Zs : list (point -> Prop)) : Prop := forall Z, In Z Zs -> (exists q, ~ Z q) -> ~ Z c.

Theorem avoid : forall Zs, (forall Z, In Z Zs -> flat Z) -> ~ ~ exists c, avoids c Zs.
Proof.
  induction Zs as [|Z Zs IH]; intros FZ N; [apply N; exists zero_point; intros Z []|].
  apply IH; [intros Y I; apply FZ; right; exact I|]. intros (c & C).
  apply (cases (exists q, ~ Z q)). intros [(q & Q)|E].
  - apply (not_not_small _ (Z :: Zs) (fun Y t => (exists q', ~ Y q') -> ~ Y (between t c q))).
    + intros Y I M. apply (cases (exists q', ~ Y q')). intros [E|E].
      * apply (flat_line Y c q); [apply FZ, I| |].
        { intros [Y1 Y2]. destruct I as [<-|I]; [contradiction|]. apply (C Y I E Y1). }
        intros (T & T0 & H). apply M. exists T. split; [exact T0|]. intros t Ht _. apply H, Ht.
      * apply M. exists 1. split; [lra|]. intros t _ E'. contradiction.
    + intros (T & T0 & H). apply N. exists (between T c q). intros Y I E. apply (H T); auto. lra.
  - apply N. exists c. intros Y [<-|I] E'; [contradiction|]. apply C; assumption.
Qed.

(** A line that ends outside of some flats is outside but for finitely many parameters. *)
Lemma outside_flats : forall Zs x y, (forall Z, In Z Zs -> flat Z) -> (forall Z, In Z Zs -> ~ Z y) ->
  ~ ~ exists ts, forall t, ~ In t ts -> forall Z, In Z Zs -> ~ Z (between t x y).
Proof.
  induction Zs as [|Z Zs IH]; intros x y FZ O N; [apply N; exists []; intros t _ Z []|].
  apply (IH x y); [intros Y I; apply FZ; right; exact I|intros Y I; apply O; right; exact I|]. intros (ts & H).
  apply (cases (exists s, Z (between s x y))). intros [(s & S)|E]; apply N.
  - exists (s :: ts). intros t T Y [<-|I] V.
    + apply (O Z (or_introl eq_refl)). rewrite <- (between_end x y). apply (flat_at Z x y s t); auto.
      * apply FZ. left. reflexivity.
      * intros ->. apply T. left. reflexivity.
    + apply (H t) in V; auto. intro I'. apply T. right. exact I'.
  - exists ts. intros t T Y [<-|I] V; [apply E; exists t; exact V|]. apply (H t T Y I V).
Qed.
